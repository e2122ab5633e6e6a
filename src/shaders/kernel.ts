/**
 * A kernel is data: WGSL text, its bindings, its constants. It knows nothing of devices, pipelines or buffers.
 */

/** How one binding of group 0 is used; the index in the list is the `@binding` number. */
export type BindingKind = 'uniform' | 'read' | 'readWrite';

export interface Kernel {
  /** `<op>_<layout>[_<variant>]`, unique; the label of everything made from it. */
  readonly name: string;
  /** Complete, valid WGSL: prelude, snippets and entry point `main`. */
  readonly code: string;
  readonly bindings: readonly BindingKind[];
  /** Values of the `override` declarations. */
  readonly constants: Readonly<Record<string, number>>;
  /** Device features the code needs. */
  readonly features: readonly GPUFeatureName[];
}
