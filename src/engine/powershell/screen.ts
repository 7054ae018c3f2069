import type { Value } from '../../core/value';
import { integerOf, propertyOf, textOf } from '../../psrp/clixml/properties';
import type { HostCall, HostMethod } from '../../psrp/host-call';
import type { Cells, HostDefaultData, HostInfo } from '../../psrp/host-info';
import type { TerminalFacts } from '../engine';

/** A terminal of PowerShell's usual size, with nothing on it. */
const plainScreen: HostDefaultData = {
  foregroundColor: 7,
  backgroundColor: 0,
  cursorPosition: { columns: 0, rows: 0 },
  windowPosition: { columns: 0, rows: 0 },
  cursorSize: 25,
  bufferSize: { columns: 120, rows: 50 },
  windowSize: { columns: 120, rows: 50 },
  maxWindowSize: { columns: 120, rows: 50 },
  maxPhysicalWindowSize: { columns: 120, rows: 50 },
  windowTitle: '',
};

/**
 * The screen that scripts see as `$Host.UI.RawUI`: what they set stays for the next command, and what the client that
 * runs a command says of its terminal is so from that command on. PowerShell itself answers what it was told at a
 * command's start, so a script that reads the screen's size or title needs nobody to be connected.
 */
export class Screen {
  #data: HostDefaultData = plainScreen;

  /** The colours that a script has set; undefined: none, so the terminal's own. */
  get colors(): { readonly foreground?: number; readonly background?: number } {
    const { foregroundColor, backgroundColor } = this.#data;
    return {
      ...(foregroundColor === plainScreen.foregroundColor ? {} : { foreground: foregroundColor }),
      ...(backgroundColor === plainScreen.backgroundColor ? {} : { background: backgroundColor }),
    };
  }

  /** What PowerShell is told when the runspace opens or a command starts. */
  hostInfo(terminal: TerminalFacts | undefined): HostInfo {
    if (terminal !== undefined) this.#fit({ columns: terminal.columns, rows: terminal.rows });
    return { is: 'console', defaultData: this.#data };
  }

  /** A script may have set something. */
  note({ method, parameters: [value] }: HostCall): void {
    const change = value === undefined ? undefined : setters[method]?.(value);
    if (change !== undefined) this.#data = { ...this.#data, ...change };
  }

  #fit(size: Cells): void {
    if (size.columns < 1 || size.rows < 1) return;
    this.#data = {
      ...this.#data,
      bufferSize: size,
      windowSize: size,
      maxWindowSize: size,
      maxPhysicalWindowSize: size,
    };
  }
}

type Setter = (value: Value) => Partial<HostDefaultData> | undefined;

const setters: Readonly<Partial<Record<HostMethod, Setter>>> = {
  SetForegroundColor: (value) => numbered('foregroundColor', value),
  SetBackgroundColor: (value) => numbered('backgroundColor', value),
  SetCursorSize: (value) => numbered('cursorSize', value),
  SetCursorPosition: (value) => placed('cursorPosition', value),
  SetWindowPosition: (value) => placed('windowPosition', value),
  SetBufferSize: (value) => placed('bufferSize', value),
  SetWindowSize: (value) => placed('windowSize', value),
  SetWindowTitle: (value) => ({ windowTitle: textOf(value) ?? '' }),
};

function numbered(name: keyof HostDefaultData, value: Value): Partial<HostDefaultData> | undefined {
  const number = integerOf(value);
  return number === undefined ? undefined : { [name]: number };
}

function placed(name: keyof HostDefaultData, value: Value): Partial<HostDefaultData> | undefined {
  const columns = integerOf(propertyOf(value, 'x') ?? propertyOf(value, 'width'));
  const rows = integerOf(propertyOf(value, 'y') ?? propertyOf(value, 'height'));
  return columns === undefined || rows === undefined ? undefined : { [name]: { columns, rows } };
}
