"""Realtime: where people's WebSockets end. Both sides deliver every message; handing over is where clients connect.

There is nothing to copy: a message is a row, and what a client missed it is sent when it resumes. What could go wrong
is that one side's people stop hearing the other's. So two accounts of the operator's, the canaries, talk to each other
on both sides all the time, and every message must arrive on both.
"""
