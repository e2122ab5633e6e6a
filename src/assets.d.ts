/** Shader sources are imported as text; Vite inlines them. */
declare module '*.wgsl?raw' {
  const source: string;
  export default source;
}
