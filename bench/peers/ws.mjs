// Peer of bench/fanout.py: the `ws` package; every text that comes in asks for one broadcast.
import { WebSocketServer } from "ws"

const [port, size] = process.argv.slice(2).map(Number)
const payload = "x".repeat(size)
const server = new WebSocketServer({ port, host: "127.0.0.1", handleProtocols: () => "luochui.v1" })
server.on("connection", (socket) => {
  socket.on("message", () => {
    for (const client of server.clients) client.send(payload)
  })
})
