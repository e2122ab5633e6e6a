/**
 * The techniques of the survey "Efficient Inference for Large Language Models" (arXiv 2404.14294), and of what came after it:
 * what each is here, where it is, by which test it is shown and what was measured. Refuses to know how a page is laid out.
 *
 * Nothing is said to work without a test of ours that is named by its title; the check of this table looks for that title.
 */
/** `works`: used on real models. `partly`: what is missing is said. `absent`: not here, and why. */
export type Status = 'works' | 'partly' | 'absent';

export interface Shown {
  /** From the root of the project. */
  readonly file: string;
  /** Its title, or a part of it. */
  readonly test: string;
}

export interface Technique {
  readonly name: string;
  readonly status: Status;
  /** What of it is here; of what is absent, why. */
  readonly here: string;
  readonly files?: readonly string[];
  readonly shown?: readonly Shown[];
  /** A figure and where it stands, or a count that a test asserts. */
  readonly measured?: string;
}

/** Techniques under one of the survey's headings. */
export interface Group {
  readonly name: string;
  readonly techniques: readonly Technique[];
}

export interface Level {
  readonly name: 'Data' | 'Model' | 'System';
  readonly groups: readonly Group[];
}
