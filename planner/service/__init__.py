"""mgmtnet over HTTP: an engine asks for plans, and a person looks at them.

A request comes to `app`, which asks who it is (`access`) and hands it to a warm process (`workers`), where it is
answered (`answers`) as the command of the same name would. Runs (`runs`) are processes of the command itself.
"""
