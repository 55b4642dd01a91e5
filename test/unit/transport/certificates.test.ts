import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Paths } from '../../../src/paths.ts';
import { Certificates } from '../../../src/transport/registry/http/certificates.ts';
import { scratch } from '../layer/scratch.ts';
import { selfSigned } from './self-signed.ts';

test('hosts without certificates of their own share the memory for the system’s, and no other host does', async (context) => {
  const root = scratch(context);
  const folder = join(root, 'etc/containers/certs.d/own.example');
  mkdirSync(folder, { recursive: true });
  await selfSigned(folder);
  renameSync(join(folder, 'cert'), join(folder, 'ca.crt'));
  rmSync(join(folder, 'key'));
  const certificates = new Certificates(new Paths(root), {});
  const common = certificates.contextFor('a.example');
  assert.equal(certificates.contextFor('b.example'), common);
  assert.notEqual(certificates.contextFor('own.example'), common);
});
