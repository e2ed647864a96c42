// The client of the query page. A module, so it runs after React and GraphiQL, which their packages ship as plain scripts.
const { document, GraphiQL, location, React, ReactDOM, sessionStorage, URL } = globalThis;

const main = document.getElementById('graphiql');
const { graphqlPath, socketPath, query, nonce } = main.dataset;

// The name under which the parts of GraphiQL look for the nonce of their style elements.
globalThis.__webpack_nonce__ = nonce;

const socket = new URL(socketPath, location.href);
socket.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

// Sends what stands under Headers with each request and, for a subscription, as the payload of connection_init.
const send = GraphiQL.createFetcher({ url: graphqlPath, subscriptionUrl: socket.href });

/** Unlike the headers of a request, the payload of connection_init tells upper case from lower case. */
const lowerCased = (headers = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** A socket that cannot be opened fails with an event without a word, and GraphiQL prints the stack of every error. */
const inWords = (reason) => {
  const error = reason instanceof globalThis.Event ? new Error(`No connection to ${socket.href}`) : reason;
  if (error instanceof Error) error.stack = undefined;
  throw error;
};

const fetcher = async (request, options) => {
  const answer = await send(request, { ...options, headers: lowerCased(options?.headers) });
  if (Symbol.asyncIterator in answer) {
    const next = answer.next.bind(answer);
    answer.next = () => next().catch(inWords);
  }
  return answer;
};

ReactDOM.createRoot(main).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: query,
    defaultEditorToolsVisibility: 'headers',
    // Kept as long as the browser's tab: a reload keeps the token, and a new tab opens with the query above. In the local
    // storage GraphiQL's history would keep the token for good, even with "Persist headers" off.
    storage: sessionStorage,
    shouldPersistHeaders: true,
    inputValueDeprecation: true,
    schemaDescription: true,
  }),
);
