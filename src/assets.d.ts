/** Shader sources are imported as text; Vite inlines them. */
declare module '*.wgsl?raw' {
  const source: string;
  export default source;
}

/** Where a script lies that is fetched when it is needed. */
declare module '*?url&no-inline' {
  const url: string;
  export default url;
}
