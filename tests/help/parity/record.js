// Asks the theme's own search worker and prints its answers:
//     node record.js WORKER.js index.json queries.json > answers.json
const fs = require("fs");
const vm = require("vm");

const [worker, index, queries] = process.argv.slice(2).map((path) => fs.readFileSync(path, "utf8"));
let listen;
let answer;
const scope = {
  console: { warn() {} },
  addEventListener: (_, listener) => { listen = listener; },
  postMessage: (message) => { answer = message; },
};
scope.self = scope;
vm.createContext(scope);
vm.runInContext(worker, scope);

const top = (items) => items.slice(0, 10).map((group) => [group[0].location, +group[0].score.toFixed(3)]);

(async () => {
  await listen({ data: { type: 0, data: { ...JSON.parse(index), options: { suggest: true } } } });
  const answers = {};
  for (const query of JSON.parse(queries)) {
    await listen({ data: { type: 2, data: query } });
    answers[query] = { top: top(answer.data.items), suggest: answer.data.suggest ?? [] };
  }
  const lines = Object.entries(answers).map(([query, found]) => `${JSON.stringify(query)}: ${JSON.stringify(found)}`);
  console.log(`{\n${lines.join(",\n")}\n}`);
})();
