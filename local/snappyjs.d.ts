declare module 'snappyjs' {
  const snappy: {
    compress(raw: Uint8Array): Buffer;
    uncompress(block: Uint8Array, rawBytesMax?: number): Buffer;
  };
  export default snappy;
}
