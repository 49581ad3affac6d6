const START = `# connote speaks Elasticsearch's API. Ctrl+Enter sends the request at the cursor.
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

/** A request that an endpoint of the task answers. */
export function example(id: string, task: string): string {
  const body = BODIES[task] ?? { input: "a quiet house near the sea" };
  const path = task === "chat_completion" ? `chat_completion/${id}/_stream` : id;
  return `POST _inference/${path}\n${JSON.stringify(body, null, 2)}`;
}

export { START };
