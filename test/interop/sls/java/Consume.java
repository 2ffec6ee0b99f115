import com.aliyun.openservices.log.common.FastLog;
import com.aliyun.openservices.log.common.FastLogContent;
import com.aliyun.openservices.log.common.LogGroupData;
import com.aliyun.openservices.loghub.client.ClientWorker;
import com.aliyun.openservices.loghub.client.ILogHubCheckPointTracker;
import com.aliyun.openservices.loghub.client.config.LogHubConfig;
import com.aliyun.openservices.loghub.client.config.LogHubConfig.ConsumePosition;
import com.aliyun.openservices.loghub.client.exceptions.LogHubCheckPointException;
import com.aliyun.openservices.loghub.client.interfaces.ILogHubProcessor;
import java.util.List;
import java.util.Map;

/** The SDK's own consumer, reading two fields of each record and nothing else, for {@code npm run bench consume}. */
final class Consume implements ILogHubProcessor {
  private static final String[] FIELDS = System.getenv("INTEROP_FIELDS").split(",");
  private static final long WANTED = Long.parseLong(System.getenv("INTEROP_RECORDS"));

  private long records;
  private long characters;

  /** Until it is killed. */
  static void run() throws Exception {
    LogHubConfig config =
        new LogHubConfig(
            System.getenv("INTEROP_GROUP"),
            "sole",
            Main.ENDPOINT,
            Main.PROJECT,
            Main.LOGSTORE,
            Main.KEY_ID,
            Main.KEY_SECRET,
            ConsumePosition.BEGIN_CURSOR);
    new ClientWorker(Consume::new, config).run();
  }

  @Override
  public void initialize(int shardId) {}

  @Override
  public String process(List<LogGroupData> groups, ILogHubCheckPointTracker tracker) {
    for (LogGroupData group : groups) {
      for (FastLog log : group.GetFastLogGroup().getLogs()) {
        records += 1;
        for (int index = 0; index < log.getContentsCount(); index += 1) {
          FastLogContent content = log.getContents(index);
          String key = content.getKey();
          if (key.equals(FIELDS[0]) || key.equals(FIELDS[1])) characters += content.getValue().length();
        }
      }
    }
    try {
      tracker.saveCheckPoint(false);
    } catch (LogHubCheckPointException error) {
      error.printStackTrace();
    }
    if (records >= WANTED) Main.tell(Map.of("records", records, "characters", characters));
    return null;
  }

  @Override
  public void shutdown(ILogHubCheckPointTracker tracker) {}
}
