declare module '*/gantry-hello' {
  const path: string;
  export default path;
}
declare module '*/gantry-init' {
  const path: string;
  export default path;
}
