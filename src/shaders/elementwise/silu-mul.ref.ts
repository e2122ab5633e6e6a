/** The oracle of SwiGLU's elementwise half: silu(gate) * up. */
export function siluMulRef(gate: number, up: number): number {
  return (gate / (1 + Math.exp(-gate))) * up;
}
