// The query page, still empty.
export default function Query() {
  return <main>Query</main>;
}
