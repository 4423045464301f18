import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

/** The props that users write. */
const PROPS = 'ExportNamedDeclaration > TSInterfaceDeclaration[id.name=/Props$/]';

export default tseslint.config(
  { ignores: ['**/build/', '.cache/', 'dist/', 'coverage/', 'imports/schemas/', 'test/fixtures/', '**/*.{js,cjs,mjs}'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      // What is named _ is left out on purpose: of a destructuring, of a parameter list.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Names and patterns of Kubernetes are ASCII; letters with several code units are never taken apart here.
      '@typescript-eslint/no-misused-spread': 'off',
      // A number in a message is itself; anything else is told on purpose.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'export by name: the name then is the same everywhere' },
        { selector: 'TSEnumDeclaration', message: 'use a union of strings' },
      ],
    },
  },
  {
    files: ['lib/**/*.ts'],
    ignores: ['**/*.d.ts'],
    plugins: { jsdoc },
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'jsdoc/no-restricted-syntax': [
        'error',
        {
          contexts: [
            {
              comment: 'JsdocBlock:not(*:has(JsdocTag[tag="default"]))',
              context: `${PROPS} TSPropertySignature[optional=true]`,
              message: 'say what happens without it: @default',
            },
          ],
        },
      ],
      'jsdoc/require-jsdoc': [
        'error',
        { require: { FunctionDeclaration: false }, contexts: [`${PROPS} TSPropertySignature[optional=true]`] },
      ],
    },
  },
  {
    // Unknown YAML becomes typed at the border only.
    files: ['lib/**/*.ts', 'app/**/*.ts'],
    ignores: ['lib/manifest/**', 'lib/facts/**', 'lib/kube/**'],
    rules: { '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }] },
  },
  {
    // The constructor of a construct is a declaration: the manifest it renders, read from top to bottom.
    files: ['lib/constructs/*.ts'],
    rules: { 'max-lines-per-function': ['error', { max: 100, skipBlankLines: true, skipComments: true }] },
  },
  {
    // The examples of a lesson are part of its file.
    files: ['lib/lessons/*.ts'],
    rules: { 'max-lines': ['error', { max: 650, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['**/*.d.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Matchers are typed so loosely.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);
