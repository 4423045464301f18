// The Kubernetes models are published as ES modules only: their exports answer to `import`, which Jest's `require` never asks for.
// They are asked for as such, and Jest's transform makes CommonJS of them, as the build does.
const MODELS = /^(@kubernetes-models\/|kubernetes-models(\/|$))/;

module.exports = (request, options) =>
  options.defaultResolver(request, MODELS.test(request) ? { ...options, conditions: ['import', 'default'] } : options);
