export const greet = (s: string) => ("hello " + s); export function unused() { return 1 / 0 }
