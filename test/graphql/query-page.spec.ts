import { describe, expect, it } from '@jest/globals';
import Fastify from 'fastify';
import { registerQueryPage } from '../../src/graphql/query-page.js';

describe('The query page', () => {
  it('is served with everything it loads by the application itself', async () => {
    const fastify = Fastify();
    registerQueryPage(fastify, { path: '/', graphqlPath: '/graphql', socketPath: '/graphql', query: '{ a(b: "<c>") }' });
    const page = await fastify.inject('/');
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('{ a(b: &quot;&lt;c&gt;&quot;) }');
    const loaded = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((found) => found[1]!).filter((url) => url !== 'data:,');
    expect(loaded).toHaveLength(6);
    for (const url of loaded) {
      expect(url).toMatch(/^\/query-page\/[\w.-]+\.[0-9a-f]{12}\.(js|css)$/);
      const file = await fastify.inject(url);
      expect([url, file.statusCode]).toEqual([url, 200]);
      expect(file.headers['cache-control']).toContain('immutable');
    }
    expect(page.headers['content-security-policy']).not.toMatch(/https?:|wss?:|\*|unsafe/);
    await fastify.close();
  });
});
