// Peer of bench/fanout.py: Socket.IO, sockets only; every `go` asks for one broadcast.
import { createServer } from "node:http"
import { Server } from "socket.io"

const [port, size] = process.argv.slice(2).map(Number)
const payload = "x".repeat(size)
const http = createServer()
const io = new Server(http, { transports: ["websocket"], pingInterval: 300_000 })
io.on("connection", (socket) => socket.on("go", () => io.emit("update", payload)))
http.listen(port, "127.0.0.1")
