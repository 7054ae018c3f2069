import packageJson from '../../package.json';

/** The product's version. */
export const productVersion: string = packageJson.version;
