import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { s3Contract } from '../contract/s3-contract.ts';
import { useScene } from '../support/scene.ts';
import { IamClient } from './support/iam-client.ts';
import { IamKeyRing } from './support/iam-key-ring.ts';
import { startVersityGw } from './support/versitygw.ts';

const scene = useScene();

s3Contract('VersityGW', async () => {
  const { s3, iam, root, region } = await startVersityGw(scene, inject('versitygwProgram'));
  const owner = new S3Client({ endpoint: s3, region, credentials: root, forcePathStyle: true });
  await owner.send(new CreateBucketCommand({ Bucket: 'invoices' }));
  owner.destroy();
  const ring = new IamKeyRing(new IamClient(iam, root, region));
  return {
    endpoint: s3,
    region,
    bucket: 'invoices',
    createKey: () => ring.create(),
    removeKey: (accessKeyId) => ring.remove(accessKeyId),
  };
});
