import t from 'tap';
import { canonicalBytes, canonicalize } from '../../core/audit/canonical.ts';
import { FormatError } from '../../core/audit/format-error.ts';
import { toHex } from '../../core/audit/primitives.ts';

function double(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE();
}

t.test('numbers: RFC 8785 appendix B', async (t) => {
  const table: [bits: string, json: string][] = [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ];
  for (const [bits, json] of table) t.equal(canonicalize(double(bits)), json, bits);
  for (const bits of ['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000']) t.throws(() => canonicalize(double(bits)), FormatError, bits);
});

t.test('the sample of RFC 8785 §3.2.2 and its bytes of §3.2.4', async (t) => {
  const sample: unknown = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`);
  t.equal(
    toHex(canonicalBytes(sample)),
    '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c31652b3330' +
      '2c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d',
  );
});

t.test('properties sort by UTF-16 code units: RFC 8785 §3.2.3', async (t) => {
  const sample: unknown = JSON.parse(String.raw`{
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
  }`);
  t.match(
    canonicalize(sample),
    /^\{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin.*","€":"Euro Sign","😀":"Emoji.*","\ufb33":"Hebrew.*"\}$/,
  );
});

t.test('nested objects sort at every level, arrays keep their order', async (t) => {
  t.equal(canonicalize({ b: [{ z: 1, a: { d: null, c: true } }, 2], a: '' }), '{"a":"","b":[{"a":{"c":true,"d":null},"z":1},2]}');
  t.equal(canonicalize(JSON.parse('{"__proto__":1,"a":2}')), '{"__proto__":1,"a":2}');
});

t.test('what is not JSON is refused, and the message names the place but no value', async (t) => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const refused: [name: string, value: unknown][] = [
    ['undefined', undefined],
    ['an undefined property', { a: undefined }],
    ['a hole', [1, , 2]],
    ['NaN', { a: NaN }],
    ['Infinity', [Infinity]],
    ['BigInt', 1n],
    ['a function', { a: () => 1 }],
    ['a symbol', Symbol('a')],
    ['a symbol key', { [Symbol('a')]: 1 }],
    ['a Date', { at: new Date() }],
    ['a Map', new Map()],
    ['bytes', new Uint8Array(2)],
    ['a lone surrogate', 'Doe \ud800'],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['a cycle', cyclic],
  ];
  for (const [name, value] of refused) t.throws(() => canonicalize(value), FormatError, name);
  t.throws(() => canonicalize({ detail: { note: ['Doe \ud800'] } }), { message: '$.detail.note[0]: lone surrogate' });
});
