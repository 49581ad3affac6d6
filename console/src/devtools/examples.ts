export const START = `# connote speaks Elasticsearch's API. Ctrl+Enter sends the request at the cursor.
POST _inference/.elser-2-elastic
{
  "input": "There is no reason anyone would want a computer in their home"
}

# Which of these answers the question best?
POST _inference/.rerank-v1-elasticsearch
{
  "query": "a house by the sea",
  "input": ["a flat in the city", "a cottage on the coast", "a boat"]
}

# Where endpoints run, and how they do
GET _connote/endpoints
`;

const BODIES: Record<string, object> = {
  rerank: { query: "a house by the sea", input: ["a flat in the city", "a cottage on the coast", "a boat"] },
  completion: { input: "Suggest three names for a house by the sea." },
  chat_completion: { messages: [{ role: "user", content: "Suggest three names for a house by the sea." }] },
};

const INDEX = `# A small index that is searched by meaning
PUT houses
{
  "mappings": {
    "properties": {
      "title": { "type": "text", "copy_to": "meaning" },
      "meaning": { "type": "semantic_text", "inference_id": ".elser-2-elastic" }
    }
  }
}

POST houses/_bulk?refresh=true
{"index": {"_id": "1"}}
{"title": "A cottage on the coast, with a view over the waves"}
{"index": {"_id": "2"}}
{"title": "A flat in the midst of the city, near the theatres"}

POST houses/_search
{ "query": { "semantic": { "field": "meaning", "query": "a house by the sea" } } }`;

/** A request that an endpoint of the task answers; those that make an index for the id `index` without a task. */
export function example(id: string, task: string): string {
  if (id === "index" && !task) return INDEX;
  const body = BODIES[task] ?? { input: "a quiet house near the sea" };
  const path = task === "chat_completion" ? `chat_completion/${id}/_stream` : id;
  return `POST _inference/${path}\n${JSON.stringify(body, null, 2)}`;
}
