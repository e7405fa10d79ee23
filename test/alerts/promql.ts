/** The metrics that an expression asks for, as far as names tell: all of ours, `up`, and those of the process. */
export function metricsIn(expression: string): string[] {
  const names = [...expression.matchAll(/\b(rekeyd_[a-z_]+|process_[a-z_]+|nodejs_[a-z0-9_]+|up)\b(?=[{[\s),]|$)/g)];
  return [...new Set(names.map(([, name = '']) => name.replace(/_(bucket|sum|count)$/, '')))];
}
