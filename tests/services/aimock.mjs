// A mock of many services, by others: https://www.npmjs.com/package/@copilotkit/aimock. Started with the path of the
// package; prints its URL, and ends with its input.
const { LLMock } = await import(process.argv[2]);
const mock = new LLMock({ port: 0, host: "127.0.0.1" });
mock.onMessage(/weather/, { toolCalls: [{ name: "weather", arguments: '{"city":"Bern"}' }] });
mock.onMessage(/./, { content: "Hello from the mock" });
mock.onEmbedding(/./, { embedding: [0.25, -0.5, 1] });
// A new endpoint is tried with one document.
mock.onRerank(/how big/, [{ index: 0, relevance_score: 0.5 }]);
mock.onRerank(/./, [{ index: 1, relevance_score: 0.9 }, { index: 0, relevance_score: 0.25 }]);
await mock.start();
console.log(mock.url);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
