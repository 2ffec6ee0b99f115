import com.aliyun.openservices.log.Client;
import com.aliyun.openservices.log.common.LogItem;
import java.util.Map;

/** Puts numbered records, and splits shard 0 half-way, as produce.py does it. */
final class Produce {
  private Produce() {}

  static void run() throws Exception {
    int groups = Integer.parseInt(System.getenv("INTEROP_GROUPS"));
    int recordsPerGroup = Integer.parseInt(System.getenv("INTEROP_RECORDS_PER_GROUP"));
    String[] keys = {"0", "4", "8", "c"};
    for (int index = 0; index < keys.length; index += 1) keys[index] += "0".repeat(31);
    Client client = Main.newClient();
    for (int index = 0; index < groups; index += 1) {
      if (index == groups / 2) client.SplitShard(Main.PROJECT, Main.LOGSTORE, 0, keys[1]);
      LogItem[] items = new LogItem[recordsPerGroup];
      for (int offset = 0; offset < recordsPerGroup; offset += 1) {
        String n = Integer.toString(index * recordsPerGroup + offset);
        items[offset] = Records.record((int) (System.currentTimeMillis() / 1000), "n", n);
      }
      client.PutLogs(Records.group("", Map.of(), keys[index % keys.length], items));
    }
    Main.tell(Map.of("records", groups * recordsPerGroup));
  }
}
