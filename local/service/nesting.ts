const [QUOTE, BACKSLASH, BRACKET, BRACKET_END, BRACE, BRACE_END] = [...'"\\[]{}'].map((text) =>
  text.charCodeAt(0),
);

/** How many lists and objects stand within each other in a text of JSON, which need not be whole. */
export function nestingOf(json: Uint8Array): number {
  let [depth, most] = [0, 0];
  let isText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (isText && byte === BACKSLASH) at++;
    else if (byte === QUOTE) isText = !isText;
    else if (isText) continue;
    else if (byte === BRACKET || byte === BRACE) most = Math.max(most, ++depth);
    else if (byte === BRACKET_END || byte === BRACE_END) depth--;
  }
  return most;
}
