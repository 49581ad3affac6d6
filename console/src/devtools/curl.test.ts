import { expect, test } from "vitest";
import { fromCurl } from "./curl";

test.each([
  [
    `curl -X POST "localhost:9200/_inference/x?pretty" -H 'Content-Type: application/json' -d '{"input": "a quiet house"}'`,
    'POST /_inference/x?pretty\n{"input": "a quiet house"}\n',
  ],
  ["curl -sN http://127.0.0.1:9200/_cat/indices", "GET /_cat/indices\n"],
  ['curl --request PUT --url \\\n https://h:9200/a -u elastic:pw --json "{\\"a\\": 1}"', 'PUT /a\n{"a": 1}\n'],
  [`curl -XPOST "$ES/_bulk" -d $'{"index":{}}\\n{"t": "it\\'s"}\\n'`, 'POST /_bulk\n{"index":{}}\n{"t":"it\'s"}\n'],
  [`curl -d '{"t": "it'"'"'s"}' localhost:9200/a/_doc`, 'POST /a/_doc\n{"t": "it\'s"}\n'],
  ["curl localhost:9200\n\ncurl -I localhost:9200/a\n", "GET /\n\nHEAD /a\n"],
])("%s", (command, expected) => expect(plain(fromCurl(command))).toBe(plain(expected)));

test.each(["GET _search", "", "a curl of smoke", "curl -d @file.json localhost:9200/_bulk", "curl -s"])(
  "%s stays as it is",
  (text) => expect(fromCurl(text)).toBeNull(),
);

/** Without what only indents. */
const plain = (text: string | null) => text?.replace(/\n\s*(?=["}])|(?<=[{:,])\s+(?=["\d])/g, "");
