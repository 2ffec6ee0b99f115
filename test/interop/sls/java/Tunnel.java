import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;

/**
 * Brings every connection of this JVM to the service. The SDK takes neither a port nor, for its consumer, an HTTP proxy; but a
 * JVM takes a SOCKS proxy for all of its sockets, which is here.
 */
final class Tunnel {
  private static final byte[] NO_PASSWORD = {5, 0};
  private static final byte[] CONNECTED = {5, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  /** Version, command, a reserved byte, the type of the address, an IPv4 address, and a port. */
  private static final int REQUEST_LENGTH = 10;

  private final InetSocketAddress service;

  private Tunnel(InetSocketAddress service) {
    this.service = service;
  }

  static void open(URI service) throws IOException {
    Tunnel tunnel = new Tunnel(new InetSocketAddress(service.getHost(), service.getPort()));
    ServerSocket server = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    run(() -> tunnel.accept(server));
    Proxy proxy = new Proxy(Proxy.Type.SOCKS, server.getLocalSocketAddress());
    ProxySelector.setDefault(
        new ProxySelector() {
          @Override
          public List<Proxy> select(URI uri) {
            return List.of(proxy);
          }

          @Override
          public void connectFailed(URI uri, SocketAddress address, IOException error) {}
        });
  }

  private interface Task {
    void run() throws IOException;
  }

  private static void run(Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (IOException error) {
                throw new UncheckedIOException(error);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private void accept(ServerSocket server) throws IOException {
    while (true) {
      Socket client = server.accept();
      run(() -> connect(client));
    }
  }

  private void connect(Socket client) throws IOException {
    DataInputStream asked = new DataInputStream(client.getInputStream());
    asked.readByte();
    asked.readNBytes(asked.readUnsignedByte());
    client.getOutputStream().write(NO_PASSWORD);
    asked.readNBytes(REQUEST_LENGTH);
    client.getOutputStream().write(CONNECTED);
    Socket upstream = new Socket(Proxy.NO_PROXY);
    upstream.connect(service);
    run(() -> pass(client, upstream));
    pass(upstream, client);
  }

  /** To the end of what one side says; then both are done. */
  private static void pass(Socket from, Socket to) throws IOException {
    try (from;
        to) {
      InputStream input = from.getInputStream();
      OutputStream output = to.getOutputStream();
      input.transferTo(output);
    } catch (IOException error) {
      // The other direction has ended first.
    }
  }
}
