// Loads assets/js files that need no page into this process, in the order in which a page loads them.
"use strict";

const path = require("node:path");

const FOLDER = path.join(__dirname, "..", "..", "assets", "js");

/** @param {...string} names files of assets/js without .js; @returns the gridhall namespace */
module.exports = function load(...names) {
  for (const name of names) require(path.join(FOLDER, `${name}.js`));
  return globalThis.gridhall;
};
