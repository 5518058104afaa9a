/** The package brings no types. */
declare module "mistral-tokenizer-js" {
  const tokenizer: {
    encode(text: string, addBos: boolean, addPrecedingSpace: boolean): number[];
  };
  // biome-ignore lint/style/noDefaultExport: it is how the package exports it
  export default tokenizer;
}
