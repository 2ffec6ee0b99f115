import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.serializer.SerializerFeature;
import com.aliyun.openservices.log.Client;
import com.aliyun.openservices.log.exception.LogException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Drives the official Java SDK against the service that the environment names. Every line on standard output is JSON. */
final class Main {
  static final String ENDPOINT = System.getenv("INTEROP_ENDPOINT");
  static final String PROJECT = System.getenv("INTEROP_PROJECT");
  static final String LOGSTORE = System.getenv("INTEROP_LOGSTORE");
  static final String KEY_ID = System.getenv("INTEROP_ACCESS_KEY_ID");
  static final String KEY_SECRET = System.getenv("INTEROP_ACCESS_KEY_SECRET");

  private static final PrintStream LINES = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  interface Action {
    Object run() throws Exception;
  }

  public static void main(String[] words) throws Exception {
    // What the SDK itself has to say.
    System.setOut(System.err);
    // Where the JVM was not told a SOCKS proxy itself.
    if (System.getProperty("socksProxyHost") == null) Tunnel.open(URI.create(System.getenv("HTTP_PROXY")));
    switch (words[0]) {
      case "calls" -> new Calls().run();
      case "consume" -> Consume.run();
      case "produce" -> Produce.run();
      case "worker" -> Worker.run();
      default -> throw new IllegalArgumentException("no scenario " + words[0]);
    }
    // Threads of the SDK go on.
    System.exit(0);
  }

  static Client newClient() {
    return new Client(ENDPOINT, KEY_ID, KEY_SECRET);
  }

  /** Whole lines only, whichever thread speaks. */
  static synchronized void tell(Object value) {
    LINES.println(JSON.toJSONString(value, SerializerFeature.WriteMapNullValue));
  }

  /** Tells what an operation answered, or which error. */
  static void call(String name, Action action) throws Exception {
    Object answer;
    try {
      answer = action.run();
    } catch (LogException error) {
      answer = Map.of("status", error.GetHttpCode(), "code", error.GetErrorCode());
    }
    tell(new Object[] {name, answer});
  }
}
