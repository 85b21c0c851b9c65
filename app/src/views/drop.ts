/** Files that the user drops on the page or pastes into it. */

/**
 * Passes files on while `root` is shown.
 *
 * @param root has the class `dropping` while a file is held over the page.
 * @param take called with the first file.
 */
export function connectDrop(root: HTMLElement, take: (file: File) => void): void {
  const takeFirst = (files?: FileList): void => {
    if (files?.[0] && !root.hidden) take(files[0]);
  };
  const holdsFiles = ({ dataTransfer }: DragEvent): boolean => !!dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // or the browser would leave the page and open the file
    root.classList.add("dropping");
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) root.classList.remove("dropping"); // otherwise it only moves from one element to the next
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    root.classList.remove("dropping");
    takeFirst(event.dataTransfer?.files);
  });
  document.addEventListener("paste", ({ clipboardData }) => takeFirst(clipboardData?.files));
}
