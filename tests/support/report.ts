/**
 * Turns tap's raw output, line by line, into what one reads: a line a file, and of a failing file what failed and why. tap's own reporters
 * draw on a terminal and say nothing at all where there is none.
 */
export function createReport(print: (line: string) => void): (line: string) => void {
  let block: string[] = [];
  let isAfterFailure = false;
  return (line) => {
    const [, not, name, note = ''] = /^(not )?ok \d+ - (.*?)(?: # (.*))?$/.exec(line) ?? [];
    if (name !== undefined) {
      isAfterFailure = not !== undefined;
      print(`${isAfterFailure ? 'FAILED' : 'passed'}  ${name}  ${note.replace(/^time=/, '')}`);
      if (isAfterFailure) for (const each of block) print(each);
      block = [];
    } else if (/^# Subtest: |^# |^1\.\.|^TAP version/.test(line)) {
      isAfterFailure = false;
      block = [];
    } else if (isAfterFailure) print(line); // a crash explains itself behind the file's own line
    else if (!/^\s*(ok \d+|\d+\.\.\d+$|# Subtest: |$)/.test(line)) block.push(line);
  };
}
