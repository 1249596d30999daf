// The peer: Socket.IO with Express and pg, as somebody writes it who wants a message to be safe before it is acknowledged.
import { createServer } from "node:http";

import express from "express";
import jwt from "jsonwebtoken";
import pg from "pg";
import { Server } from "socket.io";

const pool = new pg.Pool({ ...JSON.parse(process.env.DATABASE), max: Number(process.env.POOL) });

// One statement, so one round trip and one commit: a stranger's message and a repeat give no row.
const STORE = {
  name: "store",
  text: `insert into messages (chat_id, sender_id, client_id, content)
         select $1, $2, $3, $4 where exists (select from members where chat_id = $1 and user_id = $2)
         on conflict (sender_id, client_id) do nothing
         returning id, created_at`,
};
const KNOWN = { name: "known", text: "select id, created_at from messages where sender_id = $1 and client_id = $2" };
const CHATS = { name: "chats", text: "select chat_id from members where user_id = $1" };

const app = express();
app.get("/healthz", (_, response) => response.send("ok"));
const http = createServer(app);
const io = new Server(http, { transports: ["websocket"], serveClient: false });

io.use((socket, next) => {
  try {
    socket.data.user = Number(jwt.verify(socket.handshake.auth.token, process.env.SECRET, { algorithms: ["HS256"] }).sub);
    next();
  } catch (error) {
    next(error);
  }
});

io.on("connection", async (socket) => {
  const user = socket.data.user;

  socket.on("send", async (message, acknowledge) => {
    try {
      const stored = await pool.query({ ...STORE, values: [message.chat, user, message.id, message.content] });
      const row = stored.rows[0] ?? (await pool.query({ ...KNOWN, values: [user, message.id] })).rows[0];
      if (row === undefined) {
        acknowledge({ error: "not_found" });
        return;
      }
      if (stored.rowCount > 0) {
        const { chat, content } = message;
        socket.to(`chat:${chat}`).emit("message", { chat, id: row.id, from: user, at: row.created_at, content });
      }
      acknowledge({ id: row.id, at: row.created_at });
    } catch {
      acknowledge({ error: "unavailable" });
    }
  });

  socket.on("ping", () => socket.emit("pong"));

  socket.on("received", ({ chat, to, place }) => {
    if (socket.rooms.has(`chat:${chat}`)) {
      io.to(`user:${to}`).emit("receipt", { chat, from: user, place });
    }
  });
});

// Rooms are joined before the client is told that it is connected.
io.use(async (socket, next) => {
  const { rows } = await pool.query({ ...CHATS, values: [socket.data.user] });
  socket.join([`user:${socket.data.user}`, ...rows.map((row) => `chat:${row.chat_id}`)]);
  next();
});

http.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
