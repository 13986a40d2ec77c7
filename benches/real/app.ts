import { greet, unused } from "./greet";
enum Color { Red, Green = "g" as any }
interface P { x?: number }
export async function* main<T extends P>(p: T) { for await (const x of [1, 2]) yield (p?.x ?? Color.Red) + greet(`n${x}`); }
class A { #p = 1; static s = 2; get p() { return this.#p } }
console.log(new A().p, main);
