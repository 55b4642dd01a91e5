import type { ExportedText, ImageExports } from '../exports/exports.ts';
import type { HostFile } from '../exports/host-files.ts';
import { renderEjs } from '../template/sandbox.ts';
import { refuseMissing, renderTemplate } from '../template/template.ts';
import { parseJson, renderJsonTemplate } from '../template/template-json.ts';
import type { Values } from '../template/values.ts';
import { missingVariables } from '../template/variables.ts';
import { renderLinesTemplate } from './render-lines.ts';
import { checkSysusers } from './render-sysusers.ts';
import { checkTmpfiles } from './render-tmpfiles.ts';
import { checkEjsUnit, readServiceKind, renderUnitTemplate, type ServiceKind } from './render-unit.ts';

/** Command lines for a unit, each as it stands after `Exec…=`; empty for none. */
export interface ServiceCommands {
  start: string;
  stop: string;
  startPre: string;
  stopPost: string;
}

export interface RenderInput {
  exports: ImageExports;
  /** From `listHostFiles`. */
  hostFiles: readonly HostFile[];
  /** From `resolveValues`: all but the commands. */
  values: Values;
  /** The commands for the unit that the image brings. */
  commands: (kind: ServiceKind) => ServiceCommands;
}

/** What an image's templates came to. Undefined: the image does not bring it. */
export interface RenderedExports {
  /** The values with the commands, as the templates saw them. */
  values: Map<string, string>;
  kind: ServiceKind | undefined;
  service: string | undefined;
  socket: string | undefined;
  tmpfiles: string | undefined;
  sysusers: string | undefined;
  /** Parsed, not yet checked: any JSON. */
  configJson: unknown;
  /** The content of host files that are templates, by target. */
  hostFiles: Map<string, string>;
}

/**
 * Renders all that an image brings in /exports. What comes out has been read again: units have the
 * directives of their templates and no more, config.json is JSON. Throws `value-missing` (all of
 * them at once), `value-invalid`, `template-invalid`, `template-sandbox` and `unit-invalid`.
 */
export async function renderExports(input: RenderInput): Promise<RenderedExports> {
  const { exports, hostFiles } = input;
  refuseMissing(missingVariables(exports, hostFiles, input.values));
  const kind = exports.service === undefined ? undefined : readServiceKind(exports.service, input.values);
  const values = withCommands(input.values, kind === undefined ? undefined : input.commands(kind));
  const templates = hostFiles.flatMap((file) =>
    file.type === 'file' && file.template !== undefined
      ? [{ target: file.target, template: file.template }]
      : [],
  );
  const { service, socket, tmpfiles, sysusers, configJson } = exports;
  const { unit, lines, json, plain } = await prepare(
    [service, socket, tmpfiles, sysusers, configJson, ...templates.map(({ template }) => template)],
    values,
  );
  return {
    values,
    kind,
    service: service && unit(service),
    socket: socket && unit(socket),
    tmpfiles: tmpfiles && lines(tmpfiles, 'tmpfiles'),
    sysusers: sysusers && lines(sysusers, 'sysusers'),
    configJson: configJson && json(configJson),
    hostFiles: new Map(templates.map(({ target, template }) => [target, plain(template)])),
  };
}

/** Runs what is EJS in one sandbox, and gives the four ways to finish a text of either dialect. */
async function prepare(texts: (ExportedText | undefined)[], values: Values) {
  const ejs = texts.filter((text) => text?.kind === 'ejs') as ExportedText[];
  const rendered = await renderEjs(
    ejs.map(({ file, text }) => ({ file, text, escape: file === 'config.json.ejs' ? 'json' : 'none' })),
    values,
  );
  const results = new Map(ejs.map((template, index) => [template, rendered[index] ?? '']));

  const unit = (template: ExportedText): string => {
    const result = results.get(template);
    if (result === undefined) return renderUnitTemplate(template, values);
    checkEjsUnit(template, result, values);
    return result;
  };
  const lines = (template: ExportedText, format: 'tmpfiles' | 'sysusers'): string => {
    const result = results.get(template) ?? renderLinesTemplate(template, values, format);
    if (format === 'tmpfiles') checkTmpfiles(result, template.file);
    else checkSysusers(result, template.file);
    return result;
  };
  const json = (template: ExportedText): unknown => {
    const result = results.get(template) ?? (template.kind === 'literal' ? template.text : undefined);
    return result === undefined
      ? renderJsonTemplate(template.text, values, template.file)
      : parseJson(result, template.file);
  };
  const plain = (template: ExportedText): string =>
    results.get(template) ?? renderTemplate(template.text, values, template.file);
  return { unit, lines, json, plain };
}

/** The commands as variables; empty ones where there is no unit for them. */
function withCommands(values: Values, commands: ServiceCommands | undefined): Map<string, string> {
  return new Map([
    ...values,
    ['EXEC_START', commands?.start ?? ''],
    ['EXEC_STOP', commands?.stop ?? ''],
    ['EXEC_STARTPRE', commands?.startPre ?? ''],
    ['EXEC_STOPPOST', commands?.stopPost ?? ''],
  ]);
}
