import { expect, test } from "vitest";
import { withoutSecrets } from "./secret";

test("secrets of services are taken out of what is kept, and nothing else", () => {
  const text = `PUT _inference/completion/c
{"service": "openai", "service_settings": {"api_key": "sk-\\"1", "model_id": "key", "url": "http://x"},
 "secret_parameters" : {"token": "t"}, "service_account_json": """{"a":
 "b"}""", "keys": {"api_key": 1}}`;
  expect(withoutSecrets(text)).toBe(`PUT _inference/completion/c
{"service": "openai", "service_settings": {"api_key": "", "model_id": "key", "url": "http://x"},
 "secret_parameters" : {}, "service_account_json": "", "keys": {"api_key": 1}}`);
});

test.each([
  ['"api_key": "sk-1', '"api_key": ""'],
  ['"api_key": """sk-1\nmore', '"api_key": ""'],
  ['"secret_parameters": {"a": "sk', '"secret_parameters": {}'],
  ['"api_key": ', '"api_key": '],
])("%j, which is not whole yet", (text, kept) => {
  expect(withoutSecrets(text)).toBe(kept);
});
