import { cruise } from 'dependency-cruiser';
import { IMPORT_RULES } from '../import-rules.ts';

export interface ImportCheck {
  /** How many modules of `src` were looked at: 0 means that nothing was checked. */
  readonly modules: number;
  readonly violations: readonly { readonly rule: string; readonly from: string; readonly to: string }[];
}

/** Holds the `src` folder of `root` against the import rules. */
export async function cruiseImports(root: string): Promise<ImportCheck> {
  const { output } = await cruise(['src'], {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: IMPORT_RULES },
    // The default parser is TypeScript's old API, which TypeScript 7 no longer has: it would find no module at all.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // Packages that are ES modules only name no other condition than `import`.
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  });
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text instead of a result');
  return {
    modules: output.modules.filter((module) => module.source.startsWith('src/')).length,
    violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}
