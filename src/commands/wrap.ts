/** A line cut at its spaces so that none is longer than `columns`; what goes on is indented by `indent`. */
export function wrapped(line: string, columns: number, indent = ''): string {
  if (line.length <= columns || !Number.isFinite(columns)) return line;
  const lines: string[] = [];
  let rest = line;
  let lead = 0;
  while (rest.length > columns) {
    const at = rest.lastIndexOf(' ', columns);
    // a word that is longer than a line is cut where the line ends
    const end = at > lead ? at : columns;
    lines.push(rest.slice(0, end).trimEnd());
    const more = rest.slice(end).trimStart();
    if (more === '') return lines.join('\n');
    rest = indent + more;
    lead = indent.length;
  }
  return [...lines, rest].join('\n');
}
