/** The text of a program's bundle (build-runner.cjs). */
declare module 'bundled:*' {
  const source: string;
  export default source;
}
