/** The matchers of those who import `expect` have the same types. */
import { expect as imported } from '@jest/globals';
import { matchers } from '../../lib/jest';
import { DEPLOYMENT } from '../report/reported';

test('an imported expect knows the matchers', () => {
  imported.extend(matchers);
  imported(DEPLOYMENT).toHaveFinding('sidecar-annotation-misplaced', { name: 'web' });
  imported(DEPLOYMENT).not.toHaveNoFindings();
});
