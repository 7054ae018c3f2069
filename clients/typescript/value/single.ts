/** The shortest decimal that reads back as the same 32-bit number: 3.4, not 3.4000000953674316. */
export function shortestSingle(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === Math.fround(value)) return shorter;
  }
  return value;
}
