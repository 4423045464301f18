/** The files of the checkout by folder. */
import type { Repository } from '../manifest/repository';
import { folderOf, joinPath, KUSTOMIZATION_NAMES } from './kustomization';

interface Folder {
  readonly files: string[];
  readonly folders: string[];
}

export class CheckoutFiles {
  private readonly byPath = new Map<string, Folder>();

  constructor(private readonly repository: Repository) {
    for (const file of repository.files) this.folder(folderOf(file)).files.push(file);
  }

  /** Nothing is known of standard input and construct trees. */
  get isKnown(): boolean {
    return this.repository.files.size > 0;
  }

  has(path: string): boolean {
    return this.repository.files.has(path);
  }

  isFolder(path: string): boolean {
    return path === '' || this.byPath.has(path);
  }

  /** The files of a folder, without those of the folders in it. */
  in(path: string): readonly string[] {
    return this.byPath.get(path)?.files ?? [];
  }

  /** The files of a folder and of all folders below it. */
  below(path: string): readonly string[] {
    const folder = this.byPath.get(path);
    return folder === undefined ? [] : [...folder.files, ...folder.folders.flatMap((child) => this.below(child))];
  }

  isKustomized(path: string): boolean {
    return KUSTOMIZATION_NAMES.some((name) => this.has(joinPath(path, name)));
  }

  /** The folder, made known to those above it. */
  private folder(path: string): Folder {
    const known = this.byPath.get(path);
    if (known !== undefined) return known;
    const folder: Folder = { files: [], folders: [] };
    this.byPath.set(path, folder);
    if (path !== '') this.folder(folderOf(path)).folders.push(path);
    return folder;
  }
}
