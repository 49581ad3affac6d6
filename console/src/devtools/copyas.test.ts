import { readFileSync } from "node:fs";
import { convertRequests, loadSchema } from "@elastic/request-converter";
import { beforeAll, expect, test } from "vitest";
import { copyAs, type Language } from "./copyas";
import { requests } from "./parse";
import { type Schema, Specification } from "./schema";
import { prepare } from "./variables";

const schema = JSON.parse(readFileSync(new URL("../../public/static/schema.json", import.meta.url), "utf8")) as Schema;
const specified = new Specification(schema);
beforeAll(() => loadSchema(schema));

function copied(text: string, language: Language, hasKey = false) {
  const all = requests(text).map((each) => prepare(each, {}));
  return copyAs(all, language, specified, convertRequests, { url: "http://localhost:9200", hasKey });
}

const INFER = 'POST _inference/.elser-2-elastic\n{"input": "a // b <c> {d} it\'s"}';

test("a request becomes the call of a client, with strings as they are", async () => {
  expect(await copied(INFER, "Python")).toBe(`from elasticsearch import Elasticsearch

client = Elasticsearch("http://localhost:9200")

resp = client.inference.inference(
    inference_id=".elser-2-elastic",
    input="a // b <c> {d} it's",
)
`);
  expect(await copied(INFER, "JavaScript")).toContain("await client.inference.inference({");
  expect(await copied(INFER, "Ruby")).toContain("client.inference.inference");
});

test("a key is named only where the server asks for one", async () => {
  expect(await copied(INFER, "curl")).toBe(
    `curl -X POST -H "Content-Type: application/json" -d '{"input":"a // b <c> {d} it'"'"'s"}' "http://localhost:9200/_inference/.elser-2-elastic"`,
  );
  expect(await copied(INFER, "curl", true)).toContain("ApiKey $ELASTIC_API_KEY");
  expect(await copied(INFER, "Python", true)).toContain('api_key=os.getenv("ELASTIC_API_KEY")');
});

test("a streamed chat in Python is plain HTTP, as the client has no call for it", async () => {
  const chat = await copied(
    'POST _inference/chat_completion/c/_stream\n{"messages": [{"role": "user", "content": "hi"}], "stop": null}',
    "Python",
  );
  expect(chat).toContain('requests.post(\n    "http://localhost:9200/_inference/chat_completion/c/_stream"');
  expect(chat).toContain('"content": "hi",');
  expect(chat).toContain('"stop": None,');
  expect(chat).not.toContain("chat_completion_unified");
  expect(chat).toMatch(/^import requests\n\nwith/);
});

test("paths that are connote's own are asked all the same", async () => {
  expect(await copied("GET _connote/models", "Python")).toContain(
    'client.perform_request(\n    "GET",\n    "/_connote/models"',
  );
  expect(await copied('POST _connote/_chunk\n{"text": "x"}', "JavaScript")).toContain(
    'path: "/_connote/_chunk",\n  body: {\n    "text": "x"',
  );
  expect(await copied("GET _connote/models", "curl")).toBe('curl -X GET "http://localhost:9200/_connote/models"');
});

test("several requests become one program, with NDJSON as it should be", async () => {
  const code = await copied(`GET _cat/indices\n\nPOST _bulk\n{"index": {"_index": "a"}}\n{"t": 1}`, "Python");
  expect(code.match(/Elasticsearch\(/g)).toHaveLength(1);
  expect(code).toContain("client.cat.indices");
  expect(code).toContain("client.bulk(");
});

test("several requests in JavaScript are a program that can be run, and a stream is read as it comes", async () => {
  const chat = 'POST _inference/chat_completion/c/_stream\n{"messages": []}';
  const code = await copied([INFER, chat, "GET _connote/models", chat].join("\n\n"), "JavaScript");
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  expect(() => new AsyncFunction(code.replace(/^import .*$/m, ""))).not.toThrow(); // such as for a name declared twice
  expect(code).toContain("for await (const piece of stream2) process.stdout.write(piece);");
  expect(code).toContain("for await (const piece of stream4)");
});
