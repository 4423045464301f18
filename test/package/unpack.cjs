// Removes what pack.cjs packed.
const { rmSync } = require('node:fs');
const { dirname } = require('node:path');

module.exports = () => rmSync(dirname(process.env.TARBALL), { recursive: true });
