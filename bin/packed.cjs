// The executable's own code can load modules of Node alone; from here on `import` means files again.
exports.start = () => import('./wardkeep.js');
