import { quantityText, thousandthsOf } from '../../lib/resources/quantity';

test.each([
  ['100m', 100n],
  ['0.1', 100n],
  [1, 1000n],
  ['1.5', 1500n],
  ['.5', 500n],
  ['1e3', 1_000_000n],
  ['1Ki', 1_024_000n],
  ['1.5Gi', 1_610_612_736_000n],
  ['128M', 128_000_000_000n],
  ['1n', 1n],
  ['1Ei', 1_152_921_504_606_846_976_000n],
])('reads %s to the thousandth', (text, thousandths) => {
  expect(thousandthsOf(text)).toBe(thousandths);
});

test.each(['', 'lots', '1 Gi', '1GiB', '--1', 'm'])('fails to read %j as a quantity', (text) => {
  expect(thousandthsOf(text)).toBeUndefined();
});

test.each(['500m', '3', '1536Mi', '1Gi', '0'])('writes %s as it was read', (text) => {
  expect(quantityText(thousandthsOf(text) ?? -1n)).toBe(text);
});
