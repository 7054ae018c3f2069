/** A CLIXML text as one piece of a command's input: every object in it is an object of input. */
export class Clixml {
  readonly text: string;

  /** @param text A document as Export-Clixml writes it, or one bare value. */
  constructor(text: string) {
    this.text = text;
  }
}
