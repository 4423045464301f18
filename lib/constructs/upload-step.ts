/** The last step of every backup: upload, read back, record, and retire what is too old. */
import { AWS_CLIENT_IMAGE, type BackupJobProps, type Step } from './backup-job';
import type { Input, PropNames } from './input';
import { bucketPolicy, type S3Bucket } from './s3-bucket';

export interface RetentionProps {
  /** So many good backups stay; `'all'` leaves removing to the bucket's lifecycle. @default 7 */
  readonly keep?: number | 'all';
  /** A backup that lost more than this against the last good one is a failure. @default 50 */
  readonly maxShrinkPercent?: number;
}

export const RETENTION_PROPS: PropNames<RetentionProps> = { keep: true, maxShrinkPercent: true };

export function uploadStep(
  input: Input,
  common: BackupJobProps,
  store: S3Bucket,
  { keep = 7, maxShrinkPercent = 50 }: RetentionProps,
): Step {
  const kept =
    keep === 'all' ? '' : String(input.wholeNumber('keep', keep, 1, "or 'all' where the bucket's lifecycle removes what is old"));
  if (maxShrinkPercent > 100) input.reject('maxShrinkPercent', maxShrinkPercent, 'give a whole number from 0 to 100');
  const shrink = input.wholeNumber('maxShrinkPercent', maxShrinkPercent, 0);
  return {
    name: 'upload',
    image: input.image('awsImage', common.awsImage ?? AWS_CLIENT_IMAGE),
    run: 'upload.sh',
    env: [...store.env, { name: 'KEEP', value: kept }, { name: 'MAX_SHRINK_PERCENT', value: String(shrink) }],
    volumeMounts: store.volumeMounts,
  };
}

/** The policy that the upload needs, as AWS reads it. */
export function uploadPolicy(store: S3Bucket, { keep }: RetentionProps): string {
  return bucketPolicy(store, keep !== 'all');
}
