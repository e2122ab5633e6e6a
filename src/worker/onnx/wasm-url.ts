/** Where the WebAssembly of onnxruntime-web is: beside the worker. The build of the package puts another address here (vite.config.ts). */
export const WASM_URL: string = new URL(
  '../../../node_modules/onnxruntime-web/dist/ort-wasm-simd.wasm',
  import.meta.url,
).href;
