import { format } from "./print";

// Options of curl that have a value and say nothing of the request itself.
const VALUED = /^(-[HuoEAm]|--(header|user|output|cacert|cert|key|max-time|connect-timeout|user-agent))$/;
const DATA = /^(-d|--data|--data-raw|--data-binary|--data-ascii|--json)$/;

/** The requests that command lines of curl send, as the console writes them; null for any other text. */
export function fromCurl(text: string): string | null {
  const commands = text
    .trim()
    .split(/^(?=curl\s)/m)
    .filter((each) => each.trim());
  const requests = commands.map((each) => (/^curl\s/.test(each) ? request(words(each)) : null));
  return requests.length === 0 || requests.includes(null) ? null : `${format(requests.join("\n\n"))}\n`;
}

function request([, ...given]: string[]): string | null {
  let [method, url, body] = ["", "", ""];
  for (let at = 0; at < given.length; at++) {
    const word = given[at]!;
    const joined = /^-X(.+)$/.exec(word);
    if (joined) method = joined[1]!;
    else if (word === "-X" || word === "--request") method = given[++at] ?? "";
    else if (DATA.test(word)) body += given[++at] ?? "";
    else if (word === "--url") url = given[++at] ?? "";
    else if (word === "-I" || word === "--head") method = "HEAD";
    else if (VALUED.test(word)) at++;
    else if (!word.startsWith("-")) url = word;
  }
  const path = /^(?:\w+:\/\/)?[^/]*(\/.*)?$/s.exec(url)?.[1] ?? "/";
  if (!url || body.startsWith("@")) return null; // a file, which is elsewhere
  return `${method || (body ? "POST" : "GET")} ${path}${body ? `\n${body.trim()}` : ""}`;
}

/** The words of a command line, as a shell reads them. */
function words(text: string): string[] {
  const pieces = /(\s+|\\\r?\n)|'([^']*)'|\$'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/gs;
  const found: string[] = [];
  let isWithin = false;
  for (const [, space, single, ansi, double, escaped, bare] of text.matchAll(pieces)) {
    if (space !== undefined) {
      isWithin = false;
      continue;
    }
    const piece = single ?? (ansi === undefined ? undefined : unescaped(ansi)) ?? double?.replace(/\\(["\\$`])/g, "$1");
    const word = piece ?? escaped ?? bare ?? "";
    if (isWithin) found[found.length - 1] += word;
    else found.push(word);
    isWithin = true;
  }
  return found;
}

const unescaped = (text: string) =>
  text.replace(/\\(.)/gs, (_, letter: string) => ({ n: "\n", t: "\t", r: "\r" })[letter] ?? letter);
