/** Encodes `count` records from `first` on, each as its number in text, filled up to about `bytes` bytes in all. */
export function encodeNumbers(count: number, bytes = 0): (first: bigint) => Uint8Array {
  return (first) => {
    const numbers = Array.from({ length: count }, (_, index) => (first + BigInt(index)).toString()).join(',');
    return Buffer.from(`${numbers};`.padEnd(bytes, '.'));
  };
}
